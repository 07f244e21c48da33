"""The walls between a submission and the grader: each is tried by code that wants through."""
