//! Roles, groups and permissions of other systems, stored as received.

use crate::contact::kinds::{Free, GroupKind, Name, RoleKind, RoleType};
use crate::tree::{OpaqueObject, SafeInteger, Text, tree};

tree! {
    /// A role in a group.
    opaque GroupRole {
        /// The id of the role in its system.
        "id": SafeInteger,
        /// The name of the role.
        "name": Text<Name>,
        /// Whether the role counts in one organization or in all.
        "roleType": Text<RoleType>,
    }

    /// A group that the contact's user belongs to.
    opaque UserGroup {
        /// What the group is for.
        "description": Text<Free>,
        /// The roles of the group that count in all organizations.
        "globalRoles": Vec<OpaqueObject<GroupRole>>,
        /// The ids of the groups in a set of groups.
        "groupIds": Vec<SafeInteger>,
        /// The id of the group in its system.
        "id": SafeInteger,
        /// Whether a rule chooses the members of the group.
        "isAdvanced": bool,
        /// The name of the group.
        "name": Text<Name>,
        /// The roles of the group.
        "roles": Vec<OpaqueObject<GroupRole>>,
        /// The rule that chooses the members.
        "rule": Text<Free>,
        /// Whether it is a group or a set of groups.
        "type": Text<GroupKind>,
        /// The ids of the members.
        "userIds": Vec<SafeInteger>,
    }

    /// An organization in the tree of permissions.
    opaque PermissionNode {
        /// The roles that could be given.
        "availableRoles": Vec<OpaqueObject<AvailableRole>>,
        /// The roles that count in all organizations.
        "globalRoles": Vec<OpaqueObject<PermissionRole>>,
        /// The id of the node in its system.
        "id": SafeInteger,
        /// Whether the user is active in the organization.
        "isActive": bool,
        /// The name of the organization.
        "name": Text<Name>,
        /// The id of the organization in its system.
        "organizationId": SafeInteger,
        /// The id of the organization above it.
        "parentOrganizationId": SafeInteger,
        /// The roles that are given.
        "roles": Vec<OpaqueObject<PermissionRole>>,
    }

    /// A role that could be given.
    opaque AvailableRole {
        /// What the role allows.
        "description": Text<Free>,
        /// The id of the entry in its system.
        "id": SafeInteger,
        /// Whether new users get the role.
        "isDefault": bool,
        /// The name of the role.
        "name": Text<Name>,
        /// The id of the role itself.
        "realId": SafeInteger,
        /// Whether the role counts in one organization or in all.
        "roleType": Text<RoleType>,
        /// Whether it is a role or a set of roles.
        "type": Text<RoleKind>,
    }

    /// A role that is given.
    opaque PermissionRole {
        /// The id of the role in its system.
        "id": SafeInteger,
        /// Whether new users get the role.
        "isDefault": bool,
        /// The name of the role.
        "name": Text<Name>,
        /// Whether it is a role or a set of roles.
        "type": Text<RoleKind>,
    }
}
