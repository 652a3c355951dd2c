NAME = "dev"
