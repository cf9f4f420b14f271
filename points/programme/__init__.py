"""The programme: what a version says, in a structured form, and what it gives.

`terms` is the form, `reading` its JSON, `engine` the one place that applies it. The
sentences, the editor, the test basket and the replay are all made from the form.
"""
