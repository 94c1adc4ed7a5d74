"""The bridge (网闸): two consoles of one area, the command room's on the government network and the phones' on the internet, joined by files alone.

The inner side decides where a case stands; the outer one sends what people did and shows what the inner one made of it. Each file (`batch`) is sealed for the other side and signed by this one (`keys`), and holds
everything that the other side has not said it has: `things` from outside to inside, `cases` from inside to outside. docs/bridge.md has the rules.
"""
