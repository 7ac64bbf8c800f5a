//! Roles, groups and permissions of other systems, stored as received.

use crate::contact::kinds::{Free, GroupKind, Name, RoleKind, RoleType};
use crate::tree::{OpaqueObject, SafeInteger, Text, tree};

tree! {
    /// A role in a group.
    opaque GroupRole {
        "id": SafeInteger,
        "name": Text<Name>,
        "roleType": Text<RoleType>,
    }

    /// A group that the contact's user belongs to.
    opaque UserGroup {
        "description": Text<Free>,
        "globalRoles": Vec<OpaqueObject<GroupRole>>,
        "groupIds": Vec<SafeInteger>,
        "id": SafeInteger,
        "isAdvanced": bool,
        "name": Text<Name>,
        "roles": Vec<OpaqueObject<GroupRole>>,
        "rule": Text<Free>,
        "type": Text<GroupKind>,
        "userIds": Vec<SafeInteger>,
    }

    /// An organization in the tree of permissions.
    opaque PermissionNode {
        "availableRoles": Vec<OpaqueObject<AvailableRole>>,
        "globalRoles": Vec<OpaqueObject<PermissionRole>>,
        "id": SafeInteger,
        "isActive": bool,
        "name": Text<Name>,
        "organizationId": SafeInteger,
        "parentOrganizationId": SafeInteger,
        "roles": Vec<OpaqueObject<PermissionRole>>,
    }

    /// A role that could be given.
    opaque AvailableRole {
        "description": Text<Free>,
        "id": SafeInteger,
        "isDefault": bool,
        "name": Text<Name>,
        "realId": SafeInteger,
        "roleType": Text<RoleType>,
        "type": Text<RoleKind>,
    }

    /// A role that is given.
    opaque PermissionRole {
        "id": SafeInteger,
        "isDefault": bool,
        "name": Text<Name>,
        "type": Text<RoleKind>,
    }
}
