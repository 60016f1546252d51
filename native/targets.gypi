# Build with node-gyp from the package's root. sources.gypi names files relative to that root;
# paths written out here are relative to this folder.
{
  "includes": ["sources.gypi"],
  "target_defaults": {
    "cflags!": ["-O3", "-Wno-unused-parameter"],
    "cflags": ["-O2", "-Wall", "-Wextra", "-Werror", "-pthread", "-fvisibility=hidden",
               "-ffunction-sections", "-fdata-sections"],
  },
  "targets": [
    {
      "target_name": "netloom",
      "sources": ["<@(addon_sources)", "<@(core_sources)"],
      "include_dirs": ["."],
      "defines": ["NAPI_VERSION=8", "NAPI_DISABLE_CPP_EXCEPTIONS", "NODE_ADDON_API_DISABLE_DEPRECATED", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      # Other people's headers are held to no warning level.
      "cflags": ["-isystem", "<!(node native/napi-include.cjs)", "<!@(pkg-config --cflags libnl-3.0)"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fno-exceptions", "-fno-rtti"],
      "cflags_cc": ["-std=c++20", "-fexceptions", "-frtti", "-fvisibility-inlines-hidden"],
      # A statically linked libnl must not answer for another addon's, nor be answered for.
      "ldflags": ["-pthread", "-Wl,--gc-sections", "-Wl,--exclude-libs,ALL"],
      "libraries": ["<!@(pkg-config --libs libnl-3.0)"],
    },
    {
      "target_name": "netloom-exec",
      "type": "executable",
      "product_extension": "",
      "sources": ["netns/exec.c"],
      "cflags": ["-std=c11"],
      # Static: a program that runs before anything else in a foreign mount namespace needs no loader there.
      "ldflags!": ["-rdynamic"],
      "ldflags": ["-static", "-Wl,--gc-sections"],
    },
  ],
}
