# The targets live beside the sources, so that a source build from the npm package uses the same file.
# This one is not packed: npm would compile wherever it finds a binding.gyp.
{ "includes": ["native/targets.gypi"] }
