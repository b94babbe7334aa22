# What is special about the shared library: what it exports, and the static one that may be built beside it.

# In developer mode everything is visible, because tests reach into the rooms.
if(NOT PROCPOOL_DEV)
    set(exports ${PROJECT_BINARY_DIR}/exports.map)
    set(PUBLIC procpool::${PROCPOOL_VERSION_NAMESPACE})
    configure_file(${CMAKE_CURRENT_LIST_DIR}/exports.map ${exports} @ONLY)
    target_link_options(procpool PRIVATE LINKER:--version-script=${exports})
    set_property(TARGET procpool APPEND PROPERTY LINK_DEPENDS ${exports})
endif()

option(PROCPOOL_STATIC_TOO "With BUILD_SHARED_LIBS: also build the static library, procpool::procpool_static" OFF)
if(PROCPOOL_STATIC_TOO)
    procpool_library(procpool_static STATIC)
    set_target_properties(procpool_static PROPERTIES OUTPUT_NAME procpool)
    set_target_properties(procpool PROPERTIES DEFINE_SYMBOL "") # both compile the same: once, with a compiler cache
    add_library(procpool::procpool_static ALIAS procpool_static)
endif()
