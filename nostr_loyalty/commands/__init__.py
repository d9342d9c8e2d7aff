"""What people ask the program to do, apart from orders: values, whoever brings them.

command  the commands, and a request: a command with who asks, for which program, when and by which way
fields   a command as plain fields (JSON), as the command line hands it to a running daemon
outcome  what became of a request

And what they write: a message's text becomes such a value, or is answered with how it is written.

questions   what is asked and moves nothing; people as they are named
grammar     a text as a command or a question, once the names in it are known
readers     what stands behind each verb
arguments   the words behind a verb, taken one after another
vocabulary  what the commands are called, in every language
words       single words: somebody, a number of points, an amount
usage       how each command is written: what `help` tells
"""
