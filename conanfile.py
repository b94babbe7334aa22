"""The Conan 2 package of procpool: `conan create .` builds it and runs packaging/conan."""

import re
from pathlib import Path

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy, rmdir


class ProcpoolConan(ConanFile):
    name = "procpool"
    description = "A pool of worker processes: process isolation at thread-pool cost"
    license = "MIT"
    topics = ("multiprocessing", "process-pool", "parallel", "isolation")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False]}
    default_options = {"shared": False}
    exports_sources = "CMakeLists.txt", "LICENSE", "cmake/*", "include/*", "src/*"
    test_package_folder = "packaging/conan"

    def set_version(self):
        project = Path(self.recipe_folder, "CMakeLists.txt").read_text(encoding="utf-8")
        self.version = re.search(r"^ *VERSION (\d+\.\d+\.\d+)$", project, re.MULTILINE)[1]

    def validate(self):
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration("procpool is for Linux")
        check_min_cppstd(self, 20)

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        # What is built must not depend on what the machine happens to have: no source lines in stack traces.
        toolchain.cache_variables["PROCPOOL_LIBDW"] = False
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder, str(Path(self.package_folder, "licenses")))
        # Conan generates its own from package_info().
        rmdir(self, str(Path(self.package_folder, "lib", "cmake")))
        rmdir(self, str(Path(self.package_folder, "lib", "pkgconfig")))

    def package_info(self):
        self.cpp_info.libs = ["procpool"]
        self.cpp_info.system_libs = ["pthread", "dl"]
        self.cpp_info.set_property("cmake_file_name", "procpool")
        self.cpp_info.set_property("cmake_target_name", "procpool::procpool")
        self.cpp_info.set_property("pkg_config_name", "procpool")
