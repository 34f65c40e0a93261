# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
from setuptools import find_packages, setup

setup(
    name='linehaul_fleet',
    version='0.1.0',
    packages=find_packages(exclude=['test']),
    data_files=[
        ('share/ament_index/resource_index/packages', ['resource/linehaul_fleet']),
        ('share/linehaul_fleet', ['package.xml']),
    ],
    install_requires=['setuptools'],
    zip_safe=True,
    maintainer='linehaul maintainers',
    maintainer_email='maintainers@linehaul.invalid',
    description='Deliveries to missions to vehicle orders.',
    license='Apache-2.0',
    entry_points={
        'console_scripts': [
            'fleet = linehaul_fleet.node:main',
            'linehaul = linehaul_fleet.cli.main:run',
        ],
    },
)
