// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";

import {IAnchor} from "./interfaces/IAnchor.sol";
import {ISetRegistry} from "./interfaces/ISetRegistry.sol";

/// @title Anchoring into a SetRegistry that exists already, behind the interface of our own anchor.
/// @notice The owner of the registry authorises this contract as a sequencer. The registry checks what it always checks:
/// the size of the range and, in strict mode, that a stream has no gap; its own errors come through.
/// @dev The registry wants the previous state root but does not store it. It is given the one that the registry has, since
/// the sequencer's chain of roots is proven by the commitments and not by that argument.
contract SetRegistryAnchor is IAnchor, AccessControlDefaultAdminRules {
    bytes32 public constant ANCHORER_ROLE = keccak256("ANCHORER_ROLE");

    ISetRegistry public immutable REGISTRY;

    /// @param adminDelay seconds between announcing and accepting a new owner
    constructor(uint48 adminDelay, address admin, address anchorer, ISetRegistry registry)
        AccessControlDefaultAdminRules(adminDelay, admin)
    {
        _grantRole(ANCHORER_ROLE, anchorer);
        REGISTRY = registry;
    }

    /// @inheritdoc IAnchor
    function anchor(
        bytes32 batchId,
        bytes32 tenantId,
        bytes32 storeId,
        bytes32 eventsRoot,
        bytes32 stateRoot,
        uint64 sequenceStart,
        uint64 sequenceEnd,
        uint32 eventCount
    ) external onlyRole(ANCHORER_ROLE) {
        if (isAnchored(batchId)) revert AlreadyAnchored(batchId);
        _commit(
            Commitment(
                batchId, tenantId, storeId, eventsRoot, stateRoot, sequenceStart, sequenceEnd, eventCount
            )
        );
    }

    /// @inheritdoc IAnchor
    function anchorIfAbsent(Commitment calldata commitment)
        external
        onlyRole(ANCHORER_ROLE)
        returns (bool anchored)
    {
        if (!isAnchored(commitment.batchId)) {
            _commit(commitment);
            return true;
        }
        if (!_isSame(commitment)) revert ConflictingCommitment(commitment.batchId);
        return false;
    }

    /// @inheritdoc IAnchor
    function anchorMany(Commitment[] calldata commitments_)
        external
        onlyRole(ANCHORER_ROLE)
        returns (uint256 anchored)
    {
        for (uint256 i = 0; i < commitments_.length; ++i) {
            Commitment calldata commitment = commitments_[i];
            if (!isAnchored(commitment.batchId)) {
                _commit(commitment);
                ++anchored;
            } else if (!_isSame(commitment)) {
                bytes32 stored = REGISTRY.getBatchCommitment(commitment.batchId).eventsRoot;
                emit AnchorConflict(commitment.batchId, stored, commitment.eventsRoot);
            }
        }
    }

    /// @inheritdoc IAnchor
    function getLatestSequence(bytes32 tenantId, bytes32 storeId) external view returns (uint64) {
        return REGISTRY.getHeadSequence(tenantId, storeId);
    }

    /// @inheritdoc IAnchor
    function verifyEventsRoot(bytes32 batchId, bytes32 eventsRoot) external view returns (bool) {
        return isAnchored(batchId) && REGISTRY.getBatchCommitment(batchId).eventsRoot == eventsRoot;
    }

    /// @inheritdoc IAnchor
    function isAnchored(bytes32 batchId) public view returns (bool) {
        return REGISTRY.batchExists(batchId);
    }

    function _commit(Commitment memory commitment) private {
        REGISTRY.commitBatch(
            commitment.batchId,
            commitment.tenantId,
            commitment.storeId,
            commitment.eventsRoot,
            REGISTRY.getLatestStateRoot(commitment.tenantId, commitment.storeId),
            commitment.stateRoot,
            commitment.sequenceStart,
            commitment.sequenceEnd,
            commitment.eventCount
        );
        emit CommitmentAnchored(
            commitment.batchId,
            commitment.tenantId,
            commitment.storeId,
            commitment.eventsRoot,
            commitment.stateRoot,
            commitment.sequenceStart,
            commitment.sequenceEnd,
            commitment.eventCount,
            block.timestamp
        );
    }

    function _isSame(Commitment calldata commitment) private view returns (bool) {
        ISetRegistry.BatchCommitment memory stored = REGISTRY.getBatchCommitment(commitment.batchId);
        return stored.eventsRoot == commitment.eventsRoot && stored.newStateRoot == commitment.stateRoot
            && stored.sequenceStart == commitment.sequenceStart
            && stored.sequenceEnd == commitment.sequenceEnd && stored.eventCount == commitment.eventCount;
    }
}
