# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
from setuptools import find_packages, setup

setup(
    name='linehaul_transfer',
    version='0.1.0',
    packages=find_packages(exclude=['test']),
    data_files=[
        ('share/ament_index/resource_index/packages', ['resource/linehaul_transfer']),
        ('share/linehaul_transfer', ['package.xml']),
    ],
    install_requires=['setuptools'],
    zip_safe=True,
    maintainer='linehaul maintainers',
    maintainer_email='maintainers@linehaul.invalid',
    description='Handshakes that move a load between vehicle and port, and its custody.',
    license='Apache-2.0',
    entry_points={
        'console_scripts': ['wired_port = linehaul_transfer.node:main'],
    },
)
