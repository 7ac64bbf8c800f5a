//! Roles, groups and permissions: somebody else's, stored as received.

use crate::contact::kinds::{Free, GroupKind, Name, RoleKind, RoleType};
use crate::tree::{Received, Text, Whole};

crate::tree! {
    /// A role in a group.
    received GroupRole {
        "id": Whole,
        "name": Text<Name>,
        "roleType": Text<RoleType>,
    }

    /// A group that the contact's user belongs to.
    received UserGroup {
        "description": Text<Free>,
        "globalRoles": Vec<Received<GroupRole>>,
        "groupIds": Vec<Whole>,
        "id": Whole,
        "isAdvanced": bool,
        "name": Text<Name>,
        "roles": Vec<Received<GroupRole>>,
        "rule": Text<Free>,
        "type": Text<GroupKind>,
        "userIds": Vec<Whole>,
    }

    /// An organization in the tree of permissions.
    received PermissionNode {
        "availableRoles": Vec<Received<AvailableRole>>,
        "globalRoles": Vec<Received<PermissionRole>>,
        "id": Whole,
        "isActive": bool,
        "name": Text<Name>,
        "organizationId": Whole,
        "parentOrganizationId": Whole,
        "roles": Vec<Received<PermissionRole>>,
    }

    /// A role that could be given.
    received AvailableRole {
        "description": Text<Free>,
        "id": Whole,
        "isDefault": bool,
        "name": Text<Name>,
        "realId": Whole,
        "roleType": Text<RoleType>,
        "type": Text<RoleKind>,
    }

    /// A role that is given.
    received PermissionRole {
        "id": Whole,
        "isDefault": bool,
        "name": Text<Name>,
        "type": Text<RoleKind>,
    }
}
