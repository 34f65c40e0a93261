# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
from setuptools import find_packages, setup

setup(
    name='linehaul_sim',
    version='0.1.0',
    packages=find_packages(exclude=['test']),
    data_files=[
        ('share/ament_index/resource_index/packages', ['resource/linehaul_sim']),
        ('share/linehaul_sim', ['package.xml']),
    ],
    install_requires=['setuptools'],
    zip_safe=True,
    maintainer='linehaul maintainers',
    maintainer_email='maintainers@linehaul.invalid',
    description='The far ends, simulated: vehicles, ports, the clock, and an overlap checker.',
    license='Apache-2.0',
    entry_points={
        'console_scripts': [
            'sim = linehaul_sim.node:main',
            'goods = linehaul_sim.goods.node:main',
            'sensor_source = linehaul_sim.sensor_source.node:main',
        ],
    },
)
