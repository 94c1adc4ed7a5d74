"""Sites (场所、污染源): their register, tables of them that come in, and whom they are bound to when the net changes."""
