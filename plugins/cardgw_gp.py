# -*- test-case-name: tests.gateway.test_registry -*-
"""
Operations on GlobalPlatform cards: what is on them, and how that is changed.
"""

from cardgw.lazy import LazyOperation

info = LazyOperation("gp.info", "tell what a GlobalPlatform card says of itself", "cardgw.operations.gp_info.GpInfo")
registry = LazyOperation(
    "gp.registry",
    "list the security domains, applications and load files of a GlobalPlatform card",
    "cardgw.operations.gp_info.GpRegistry",
)
install = LazyOperation(
    "gp.install", "load and install a CAP file on a GlobalPlatform card", "cardgw.operations.gp_install.GpInstall"
)
delete = LazyOperation(
    "gp.delete", "delete an application or a load file from a GlobalPlatform card", "cardgw.operations.gp_delete.GpDelete"
)
extradite = LazyOperation(
    "gp.extradite",
    "give an application or a load file to another security domain",
    "cardgw.operations.gp_registry_change.Extradite",
)
set_privileges = LazyOperation(
    "gp.privileges.set",
    "change what an application or a security domain of a GlobalPlatform card may do",
    "cardgw.operations.gp_registry_change.SetPrivileges",
)
put_keys = LazyOperation(
    "gp.keys.put", "put a key set on a security domain, or replace one", "cardgw.operations.gp_keys.PutGpKeys"
)
delete_keys = LazyOperation("gp.keys.delete", "delete keys of a security domain", "cardgw.operations.gp_delete.DeleteGpKeys")
get_data = LazyOperation("gp.data.get", "read a data object of a security domain", "cardgw.operations.gp_get_data.GetGpData")
store_data = LazyOperation(
    "gp.data.store", "store data in a security domain, or in one of its applications", "cardgw.operations.gp_data.StoreGpData"
)
set_status = LazyOperation(
    "gp.status.set",
    "lock, unlock or terminate a GlobalPlatform card, or lock what is on it",
    "cardgw.operations.gp_status.SetGpStatus",
)
script = LazyOperation(
    "gp.script",
    "send a security domain commands in a secure channel, and check how it answers",
    "cardgw.operations.gp_script.RunGpScript",
)
get_certificates = LazyOperation(
    "gp.certificates.get",
    "read the certificates of a key of a security domain",
    "cardgw.operations.gp_certificates.GetGpCertificates",
)
store_certificates = LazyOperation(
    "gp.certificates.store",
    "store the certificates of a key of a security domain",
    "cardgw.operations.gp_certificates.StoreGpCertificates",
)
