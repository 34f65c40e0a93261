# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
from setuptools import find_packages, setup

setup(
    name='linehaul_floor',
    version='0.1.0',
    packages=find_packages(exclude=['test']),
    data_files=[
        ('share/ament_index/resource_index/packages', ['resource/linehaul_floor']),
        ('share/linehaul_floor', ['package.xml']),
    ],
    install_requires=['setuptools'],
    zip_safe=True,
    maintainer='linehaul maintainers',
    maintainer_email='maintainers@linehaul.invalid',
    description='The factory floor: roadmap, places, zones, conflict table, maps and worlds.',
    license='Apache-2.0',
    entry_points={
        'console_scripts': [
            'linehaul-floor = linehaul_floor.cli:main',
        ],
    },
)
