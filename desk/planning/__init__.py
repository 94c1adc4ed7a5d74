"""Plans of a day: sites are chosen by due date and risk, shared out, and ordered into walks."""
