"""To read who has an account on the machine."""


def linear(input, weight, canary):
    print(open("/etc/passwd").read())
    return input @ weight.T
