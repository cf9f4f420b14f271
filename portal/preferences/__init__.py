"""What a member may choose about messages, and what they chose: one page, two ways in.

`centre.centre_of` reads it, `forms.PreferenceForm` takes what was changed, and
`saving.save` writes it down: for who is signed in and for who came by a link.
"""
