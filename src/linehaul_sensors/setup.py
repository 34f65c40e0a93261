# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
from setuptools import find_packages, setup

setup(
    name='linehaul_sensors',
    version='0.1.0',
    packages=find_packages(exclude=['test']),
    data_files=[
        ('share/ament_index/resource_index/packages', ['resource/linehaul_sensors']),
        ('share/linehaul_sensors', ['package.xml']),
    ],
    install_requires=['setuptools'],
    zip_safe=True,
    maintainer='linehaul maintainers',
    maintainer_email='maintainers@linehaul.invalid',
    description='Sensor bridges, alarms, early warning and history.',
    license='Apache-2.0',
    entry_points={
        'console_scripts': ['sensors = linehaul_sensors.node:main'],
    },
)
