"""The subjects that members can want or not want, kept at the desk.

Who wants what is each member's own: the desk sees counts, and of diets and allergies
not even small ones.
"""
