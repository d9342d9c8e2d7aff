"""What people ask the program to do, apart from orders: values, whoever brings them.

command  the commands, and a request: a command with who asks, for which program, when and by which way
fields   a command as plain fields (JSON), as the command line hands it to a running daemon
outcome  what became of a request
"""
