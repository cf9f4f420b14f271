"""Static files with content hashes, also for JavaScript modules."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ManifestStorage(CompressedManifestStaticFilesStorage):
    """Hash file names, follow `import` in ES modules, compress."""

    support_js_module_import_aggregation = True
