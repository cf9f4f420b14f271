"""The UI kit's Python half: charts, tables, navigation, search, toasts, progress.

Owns: what a page needs before its template can be plain.
May import: the rest of the ground.
Public verbs: `charts.line_chart/columns/spark/bars/heat`, `tables.Table` and
    `tables.TableView`, `navigation.register`, `search.register` and
    `search.register_action`, `toasts.toast`, `progress.render`.
Invariants: numbers inside SVG are never localised; a registry is filled in
    `AppConfig.ready()` and knows rooms only by what they hand in.
"""
