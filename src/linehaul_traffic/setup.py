# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
from setuptools import find_packages, setup

setup(
    name='linehaul_traffic',
    version='0.1.0',
    packages=find_packages(exclude=['test']),
    package_data={'linehaul_traffic.replay': ['page.html', 'page.css', 'page.js']},
    data_files=[
        ('share/ament_index/resource_index/packages', ['resource/linehaul_traffic']),
        ('share/linehaul_traffic', ['package.xml']),
    ],
    install_requires=['setuptools'],
    zip_safe=True,
    maintainer='linehaul maintainers',
    maintainer_email='maintainers@linehaul.invalid',
    description='Routes for many vehicles at once, and the execution graph that releases them.',
    license='Apache-2.0',
    entry_points={
        'console_scripts': [
            'traffic = linehaul_traffic.node:main',
        ],
    },
)
