#pragma once

/// Everything of procpool lies in an inline namespace of its version, which nobody writes: two
/// versions in one program, of two of its libraries, keep apart. One namespace a room:
///
///     PROCPOOL_BEGIN_NAMESPACE
///     namespace os {
///     ...
///     }  // namespace os
///     PROCPOOL_END_NAMESPACE
#define PROCPOOL_VERSION_NAMESPACE v0_1

#define PROCPOOL_BEGIN_NAMESPACE \
    namespace procpool {         \
    inline namespace PROCPOOL_VERSION_NAMESPACE {
#define PROCPOOL_END_NAMESPACE \
    }                          \
    }

/// What assembly calls has a name without namespaces: "procpool_v0_1_name".
#define PROCPOOL_SYMBOL(name) PROCPOOL_SYMBOL_OF(PROCPOOL_VERSION_NAMESPACE, name)
#define PROCPOOL_SYMBOL_OF(version, name) PROCPOOL_SYMBOL_TEXT(version, name)
#define PROCPOOL_SYMBOL_TEXT(version, name) "procpool_" #version "_" #name
