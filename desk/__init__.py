"""The desk: takes reports and acts; joins area, rules and ledger."""
