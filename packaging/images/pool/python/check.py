NAME = "check"
