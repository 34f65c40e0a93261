# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
from setuptools import find_packages, setup

setup(
    name='linehaul_vda5050',
    version='0.1.0',
    packages=find_packages(exclude=['test']),
    data_files=[
        ('share/ament_index/resource_index/packages', ['resource/linehaul_vda5050']),
        ('share/linehaul_vda5050', ['package.xml']),
    ],
    install_requires=['setuptools'],
    zip_safe=True,
    maintainer='linehaul maintainers',
    maintainer_email='maintainers@linehaul.invalid',
    description='The vehicle contract: VDA 5050 orders, states, rules and ROS messages.',
    license='Apache-2.0',
    entry_points={
        'console_scripts': [],
    },
)
