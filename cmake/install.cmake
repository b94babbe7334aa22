# What `cmake --install` installs: headers, library, a CMake package and a pkg-config file. The tree may be moved
# afterwards; nothing in it names the place it was installed to.

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/procpool)
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# procpool_runtime is what programs need to run, procpool_dev what is needed to build them.
set(targets procpool)
if(TARGET procpool_static)
    list(APPEND targets procpool_static)
endif()
install(
    TARGETS ${targets}
    EXPORT procpoolTargets
    LIBRARY COMPONENT procpool_runtime NAMELINK_COMPONENT procpool_dev
    ARCHIVE COMPONENT procpool_dev)
if(TARGET procpool_thread_pool)
    install(TARGETS procpool_thread_pool EXPORT procpoolThreadPoolTargets ARCHIVE COMPONENT procpool_dev)
    install(
        EXPORT procpoolThreadPoolTargets
        NAMESPACE procpool::
        DESTINATION ${package_dir}
        COMPONENT procpool_dev)
endif()
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT procpool_dev)

install(EXPORT procpoolTargets NAMESPACE procpool:: DESTINATION ${package_dir} COMPONENT procpool_dev)
configure_package_config_file(
    cmake/procpoolConfig.cmake.in ${PROJECT_BINARY_DIR}/procpoolConfig.cmake
    INSTALL_DESTINATION ${package_dir}
    NO_SET_AND_CHECK_MACRO)
# Until 1.0 a minor version may change what programs are compiled against.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/procpoolConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/procpoolConfig.cmake ${PROJECT_BINARY_DIR}/procpoolConfigVersion.cmake
        DESTINATION ${package_dir} COMPONENT procpool_dev)

# ${pcfiledir} is where pkg-config found the file; the way from there to the prefix is always the same.
file(RELATIVE_PATH to_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(cmake/procpool.pc.in ${PROJECT_BINARY_DIR}/procpool.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/procpool.pc DESTINATION ${pkgconfig_dir} COMPONENT procpool_dev)
if(TARGET procpool_thread_pool)
    configure_file(cmake/procpool-thread-pool.pc.in ${PROJECT_BINARY_DIR}/procpool-thread-pool.pc @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/procpool-thread-pool.pc DESTINATION ${pkgconfig_dir} COMPONENT procpool_dev)
endif()
