# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
from setuptools import find_packages, setup

setup(
    name='linehaul_warehouse',
    version='0.1.0',
    packages=find_packages(exclude=['test']),
    data_files=[
        ('share/ament_index/resource_index/packages', ['resource/linehaul_warehouse']),
        ('share/linehaul_warehouse', ['package.xml']),
    ],
    install_requires=['setuptools'],
    zip_safe=True,
    maintainer='linehaul maintainers',
    maintainer_email='maintainers@linehaul.invalid',
    description='Stereoscopic warehouse: stock, cranes, decisions; distribution centre.',
    license='Apache-2.0',
    entry_points={
        'console_scripts': [
            'warehouse = linehaul_warehouse.node:main',
            'distribution = linehaul_warehouse.centre.node:main',
        ],
    },
)
