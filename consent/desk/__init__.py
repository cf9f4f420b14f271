"""The data-protection officer's desk: what stands behind every message, and proof."""
