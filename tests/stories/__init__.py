"""The stories of docs/stories, played.

reading    a page becomes rules and rows
sentences  what a row says becomes what happens
cast       the people of a story, in the model's house
"""
