"""What broke elsewhere: the index of the tests that rule it out, and those that need a whole daemon."""
