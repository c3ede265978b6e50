// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";

import {IAnchor} from "./interfaces/IAnchor.sol";
import {ISetRegistry} from "./interfaces/ISetRegistry.sol";

/// @title Anchoring into a SetRegistry that exists already, behind the interface of our own anchor.
/// @notice The owner of the registry authorises this contract as a sequencer. The registry checks what it always checks:
/// the size of the range and, in strict mode, that a stream has no gap; its own errors come through. `anchorMany` goes on
/// after a refusal and emits `AnchorRefused`, so that one commitment does not hold up those of other streams; when the registry
/// refuses every one of them, as a paused registry does, it reverts with the first refusal.
/// @dev The registry wants the previous state root but does not store it. It is given the one that the registry has, since
/// the sequencer's chain of roots is proven by the commitments and not by that argument.
contract SetRegistryAnchor is IAnchor, AccessControlDefaultAdminRules {
    bytes32 public constant ANCHORER_ROLE = keccak256("ANCHORER_ROLE");

    ISetRegistry public immutable REGISTRY;

    /// @notice `anchorMany` left a commitment out, because the registry refused it with the error data `reason`.
    event AnchorRefused(bytes32 indexed batchId, bytes reason);

    /// @notice The registry failed without error data, as a call does that runs out of gas.
    error RegistryFailed(bytes32 batchId);

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
        bytes memory firstRefusal;
        uint256 refused;
        for (uint256 i = 0; i < commitments_.length; ++i) {
            Commitment calldata commitment = commitments_[i];
            if (!isAnchored(commitment.batchId)) {
                bytes memory refusal = _tryCommit(commitment);
                if (refusal.length == 0) {
                    ++anchored;
                } else if (refused++ == 0) {
                    firstRefusal = refusal;
                }
            } else if (!_isSame(commitment)) {
                bytes32 stored = REGISTRY.getBatchCommitment(commitment.batchId).eventsRoot;
                emit AnchorConflict(commitment.batchId, stored, commitment.eventsRoot);
            }
        }
        if (refused > 0 && refused == commitments_.length) LowLevelCall.bubbleRevert(firstRefusal);
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
        bytes memory refusal = _tryCommit(commitment);
        if (refusal.length != 0) LowLevelCall.bubbleRevert(refusal);
    }

    /// @dev Returns the registry's error data, empty when it stored the commitment. A failure without error data reverts:
    /// otherwise a node could estimate too little gas, at which the registry's part fails and the rest succeeds.
    function _tryCommit(Commitment memory commitment) private returns (bytes memory) {
        bytes32 previous = REGISTRY.getLatestStateRoot(commitment.tenantId, commitment.storeId);
        try REGISTRY.commitBatch(
            commitment.batchId,
            commitment.tenantId,
            commitment.storeId,
            commitment.eventsRoot,
            previous,
            commitment.stateRoot,
            commitment.sequenceStart,
            commitment.sequenceEnd,
            commitment.eventCount
        ) {
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
            return "";
        } catch (bytes memory reason) {
            if (reason.length == 0) revert RegistryFailed(commitment.batchId);
            emit AnchorRefused(commitment.batchId, reason);
            return reason;
        }
    }

    function _isSame(Commitment calldata commitment) private view returns (bool) {
        ISetRegistry.BatchCommitment memory stored = REGISTRY.getBatchCommitment(commitment.batchId);
        return stored.eventsRoot == commitment.eventsRoot && stored.newStateRoot == commitment.stateRoot
            && stored.sequenceStart == commitment.sequenceStart
            && stored.sequenceEnd == commitment.sequenceEnd && stored.eventCount == commitment.eventCount;
    }
}
