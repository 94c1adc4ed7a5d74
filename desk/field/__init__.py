"""Work away from the desk (掌上网格): what is on somebody's list, and what a phone sends later, each thing done exactly once."""
