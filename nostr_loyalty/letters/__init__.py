"""What is answered to letters, beside commands: inside the letter's transaction. `letter_path` tells the whole way.

codes        what an answer says to clients: done, answered, and what is no rule's refusal
reply        the answer as it is promised, with the welcome at a first contact
questioning  questions
choosing     choices, and being forgotten
writer       who writes: where it stands, and its language
confirming   what exceeds an operator's limits and waits for an owner's word
meant        whose program a letter is for, and the people and rewards that it names
naming       letters that wait until a name is looked up
"""
