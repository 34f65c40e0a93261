# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
from setuptools import find_packages, setup

setup(
    name='linehaul_agv',
    version='0.1.0',
    packages=find_packages(exclude=['test']),
    data_files=[
        ('share/ament_index/resource_index/packages', ['resource/linehaul_agv']),
        ('share/linehaul_agv', ['package.xml']),
    ],
    install_requires=['setuptools'],
    zip_safe=True,
    maintainer='linehaul maintainers',
    maintainer_email='maintainers@linehaul.invalid',
    description='One vehicle: takes VDA 5050 orders and executes them.',
    license='Apache-2.0',
    entry_points={
        'console_scripts': [
            'agv = linehaul_agv.node:main',
            'gateway = linehaul_agv.gateway.node:main',
        ],
    },
)
