"""The outbox (消息): what the history tells to whom, by which channel, and how it gets there. docs/outbox.md describes it."""
