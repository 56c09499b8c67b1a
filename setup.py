"""Packages whose folder is not their name: pyproject.toml cannot say both that and 'find the rest'."""

from setuptools import find_packages, setup

setup(
    packages=[
        *find_packages(include=["audiopost", "audiopost.*"]),
        "audiopost_presets",
        "audiopost_ui",
        "audiopost_ui.routes",
        "audiopost_ui.tabs",
    ],
    package_dir={
        "audiopost_presets": "presets",
        "audiopost_ui": "ui",
        "audiopost_ui.routes": "ui/routes",
        "audiopost_ui.tabs": "ui/tabs",
    },
    package_data={
        "audiopost": ["py.typed", "**/*.j2", "**/*.css", "**/*.npz", "**/*.onnx", "core/texts/*.toml"],
        "audiopost_presets": ["*.toml", "specs/*.toml", "styles/*.toml", "cues/*.toml"],
        "audiopost_ui": ["py.typed", "static/*", "static/js/*", "static/css/*", "texts/*.toml"],
    },
)
