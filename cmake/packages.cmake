# Debian packages of what is installed; packaging/debs builds all of them. One package a component:
#
#   libprocpool<soname>   procpool_runtime   the shared library
#   libprocpool-dev       procpool_dev       headers, static library, CMake package, pkg-config file
#   procpool              procpool_tool      the command; needs none of the others

include(GNUInstallDirs)
set(soname ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
set(about "procpool is to C++ what multiprocessing.Pool is to Python, at the price of a thread pool:
a function that crashes, leaks, hangs or is not thread-safe costs one worker process,
never the program.\n.\n")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME procpool)
set(CPACK_PACKAGE_VENDOR "procpool contributors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "pool of worker processes for C++")
set(CPACK_PACKAGE_CONTACT "procpool contributors")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL procpool_runtime procpool_dev)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)       # Depends: what the binaries need
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON) # and what packages that need this library depend on
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY >=)

set(CPACK_DEBIAN_PROCPOOL_RUNTIME_PACKAGE_NAME libprocpool${soname})
set(CPACK_DEBIAN_PROCPOOL_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_PROCPOOL_RUNTIME_DESCRIPTION "${about}This package has the shared library, which programs need to run.")
set(CPACK_DEBIAN_PROCPOOL_RUNTIME_PACKAGE_RECOMMENDS libdw1) # source lines in stack traces

set(CPACK_DEBIAN_PROCPOOL_DEV_PACKAGE_NAME libprocpool-dev)
set(CPACK_DEBIAN_PROCPOOL_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PROCPOOL_DEV_PACKAGE_DEPENDS "libprocpool${soname} (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_PROCPOOL_DEV_PACKAGE_RECOMMENDS libdw1) # for what is linked statically
set(CPACK_DEBIAN_PROCPOOL_DEV_PACKAGE_SUGGESTS "pkg-config, cmake, libcereal-dev, libtbb-dev")
set(CPACK_DEBIAN_PROCPOOL_DEV_DESCRIPTION "${about}This package has what is needed to build programs: headers, the static library,\na CMake package and a pkg-config file.")

set(CPACK_DEBIAN_PROCPOOL_TOOL_PACKAGE_NAME procpool)
set(CPACK_DEBIAN_PROCPOOL_TOOL_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PROCPOOL_TOOL_DESCRIPTION "${about}This package has the command procpool: programs on such a pool.")

# In packages only: an installation by hand has no such folder.
foreach(component runtime dev tool)
    string(TOUPPER CPACK_DEBIAN_PROCPOOL_${component}_PACKAGE_NAME package)
    install(
        FILES LICENSE
        DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/${${package}}
        RENAME copyright
        COMPONENT procpool_${component} EXCLUDE_FROM_ALL)
endforeach()

include(CPack)
