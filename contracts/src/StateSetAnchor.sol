// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";

import {IAnchor} from "./interfaces/IAnchor.sol";
import {VesTree} from "./libraries/VesTree.sol";

/// @title Commitments of the sequencer, each stored once and never changed.
/// @notice Functions, events and the order of results are those of the original StateSetAnchor (chain 2). It differs in the
/// errors, which are custom; in access, which is always by role; and in what is added: idempotent anchoring, inclusion
/// proofs, and the metadata of compliance proofs.
contract StateSetAnchor is IAnchor, AccessControlDefaultAdminRules {
    bytes32 public constant ANCHORER_ROLE = keccak256("ANCHORER_ROLE");

    struct Stored {
        bytes32 tenantId;
        bytes32 storeId;
        bytes32 eventsRoot;
        bytes32 stateRoot;
        uint64 sequenceStart;
        uint64 sequenceEnd;
        uint32 eventCount;
        uint64 anchoredAt;
        address anchoredBy;
    }

    struct StarkProof {
        bytes32 proofHash;
        bytes32 policyHash;
        bool allCompliant;
        uint64 timestamp;
    }

    event BatchAnchored(bytes32 indexed batchRoot, uint256 commitmentCount, uint256 timestamp);
    event StarkProofCommitted(
        bytes32 indexed batchId, bytes32 proofHash, bytes32 policyHash, bool allCompliant, uint64 proofSize
    );

    error ArrayLengthMismatch();
    error AccessIsByRole();
    error StarkProofAlreadyCommitted(bytes32 batchId);
    error StateRootMismatchInProof(bytes32 batchId);
    error InvalidProof(bytes32 batchId);

    /// @notice Ids in the order in which they were anchored.
    bytes32[] public anchoredBatches;

    /// @notice The largest sequence number anchored, by keccak256(tenantId || storeId).
    mapping(bytes32 streamKey => uint64) public latestSequence;

    mapping(bytes32 batchId => Stored) private _commitments;
    mapping(bytes32 batchId => StarkProof) private _starkProofs;

    /// @param adminDelay seconds between announcing and accepting a new owner
    /// @param admin the owner, who grants and revokes ANCHORER_ROLE
    /// @param anchorer the first account that may anchor
    constructor(uint48 adminDelay, address admin, address anchorer)
        AccessControlDefaultAdminRules(adminDelay, admin)
    {
        _grantRole(ANCHORER_ROLE, anchorer);
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
        _storeNew(
            Commitment(
                batchId, tenantId, storeId, eventsRoot, stateRoot, sequenceStart, sequenceEnd, eventCount
            )
        );
    }

    /// @notice Stores all the commitments, or none: one id in use reverts the call. `anchorMany` skips instead.
    /// @dev `memory`, because eight arrays in calldata are sixteen words, which is all that the stack reaches.
    function anchorBatch(
        bytes32[] memory batchIds,
        bytes32[] memory tenantIds,
        bytes32[] memory storeIds,
        bytes32[] memory eventsRoots,
        bytes32[] memory stateRoots,
        uint64[] memory sequenceStarts,
        uint64[] memory sequenceEnds,
        uint32[] memory eventCounts
    ) external onlyRole(ANCHORER_ROLE) {
        uint256 count = batchIds.length;
        if (
            tenantIds.length != count || storeIds.length != count || eventsRoots.length != count
                || stateRoots.length != count || sequenceStarts.length != count
                || sequenceEnds.length != count || eventCounts.length != count
        ) revert ArrayLengthMismatch();
        for (uint256 i = 0; i < count; ++i) {
            _storeNew(
                Commitment(
                    batchIds[i],
                    tenantIds[i],
                    storeIds[i],
                    eventsRoots[i],
                    stateRoots[i],
                    sequenceStarts[i],
                    sequenceEnds[i],
                    eventCounts[i]
                )
            );
        }
        emit BatchAnchored(keccak256(abi.encodePacked(batchIds)), count, block.timestamp);
    }

    /// @inheritdoc IAnchor
    function anchorIfAbsent(Commitment calldata commitment)
        external
        onlyRole(ANCHORER_ROLE)
        returns (bool anchored)
    {
        if (!isAnchored(commitment.batchId)) {
            _store(commitment);
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
                _store(commitment);
                ++anchored;
            } else if (!_isSame(commitment)) {
                emit AnchorConflict(
                    commitment.batchId, _commitments[commitment.batchId].eventsRoot, commitment.eventsRoot
                );
            }
        }
    }

    /// @notice Stores what is known about a compliance proof of an anchored batch. The proof itself is not verified here.
    /// @dev `prevStateRoot`, `policyLimit` and `provingTimeMs` belong to the signature of the original and are not stored.
    function commitStarkProof(
        bytes32 batchId,
        bytes32 proofHash,
        bytes32, /* prevStateRoot */
        bytes32 newStateRoot,
        bytes32 policyHash,
        uint64, /* policyLimit */
        bool allCompliant,
        uint64 proofSize,
        uint64 /* provingTimeMs */
    ) external onlyRole(ANCHORER_ROLE) {
        if (newStateRoot != _anchored(batchId).stateRoot) revert StateRootMismatchInProof(batchId);
        if (hasStarkProof(batchId)) revert StarkProofAlreadyCommitted(batchId);
        if (proofHash == 0 || proofSize == 0) revert InvalidProof(batchId);
        _starkProofs[batchId] = StarkProof(proofHash, policyHash, allCompliant, uint64(block.timestamp));
        emit StarkProofCommitted(batchId, proofHash, policyHash, allCompliant, proofSize);
    }

    /// @notice Announces a new owner, who takes over by `acceptDefaultAdminTransfer` after the delay.
    function transferOwnership(address newOwner) external {
        beginDefaultAdminTransfer(newOwner);
    }

    /// @notice Only false is accepted: anybody else's roots must not take up the ids of batches.
    function setPermissionless(bool enabled) external view onlyRole(DEFAULT_ADMIN_ROLE) {
        if (enabled) revert AccessIsByRole();
    }

    function permissionless() external pure returns (bool) {
        return false;
    }

    /// @notice Everything stored about one commitment. Reverts with NotAnchored.
    function getCommitment(bytes32 batchId)
        external
        view
        returns (
            bytes32 tenantId,
            bytes32 storeId,
            bytes32 eventsRoot,
            bytes32 stateRoot,
            uint64 sequenceStart,
            uint64 sequenceEnd,
            uint32 eventCount,
            uint256 anchoredAt,
            address anchoredBy
        )
    {
        Stored storage stored = _anchored(batchId);
        return (
            stored.tenantId,
            stored.storeId,
            stored.eventsRoot,
            stored.stateRoot,
            stored.sequenceStart,
            stored.sequenceEnd,
            stored.eventCount,
            stored.anchoredAt,
            stored.anchoredBy
        );
    }

    /// @notice The same with the id first; all zero for an unknown id.
    function commitments(bytes32 id)
        external
        view
        returns (
            bytes32 batchId,
            bytes32 tenantId,
            bytes32 storeId,
            bytes32 eventsRoot,
            bytes32 stateRoot,
            uint64 sequenceStart,
            uint64 sequenceEnd,
            uint32 eventCount,
            uint256 anchoredAt,
            address anchoredBy
        )
    {
        Stored storage stored = _commitments[id];
        return (
            stored.anchoredAt == 0 ? bytes32(0) : id,
            stored.tenantId,
            stored.storeId,
            stored.eventsRoot,
            stored.stateRoot,
            stored.sequenceStart,
            stored.sequenceEnd,
            stored.eventCount,
            stored.anchoredAt,
            stored.anchoredBy
        );
    }

    function getAnchoredCount() external view returns (uint256) {
        return anchoredBatches.length;
    }

    /// @inheritdoc IAnchor
    function getLatestSequence(bytes32 tenantId, bytes32 storeId) external view returns (uint64) {
        return latestSequence[keccak256(abi.encodePacked(tenantId, storeId))];
    }

    /// @inheritdoc IAnchor
    function verifyEventsRoot(bytes32 batchId, bytes32 eventsRoot) external view returns (bool) {
        return isAnchored(batchId) && _commitments[batchId].eventsRoot == eventsRoot;
    }

    /// @notice Whether a leaf belongs to an anchored commitment (VES 9.3).
    /// @param index sequence number minus the commitment's first
    /// @param proof sibling at each level, leaf level first
    function verifyInclusion(bytes32 batchId, bytes32 leaf, bytes32[] calldata proof, uint256 index)
        external
        view
        returns (bool)
    {
        Stored storage stored = _commitments[batchId];
        return VesTree.includes(stored.eventsRoot, leaf, proof, index, stored.eventCount);
    }

    /// @notice Whether an event with this number, signing hash and signature belongs to an anchored commitment.
    /// @param signature the agent's Ed25519 signature, 64 bytes; it is hashed into the leaf and not verified
    function verifyEvent(
        bytes32 batchId,
        uint64 sequenceNumber,
        bytes32 signingHash,
        bytes calldata signature,
        bytes32[] calldata proof
    ) external view returns (bool) {
        Stored storage stored = _commitments[batchId];
        if (signature.length != 64 || sequenceNumber < stored.sequenceStart) return false;
        bytes32 leaf = VesTree.leaf(stored.tenantId, stored.storeId, sequenceNumber, signingHash, signature);
        uint256 index = sequenceNumber - stored.sequenceStart;
        return VesTree.includes(stored.eventsRoot, leaf, proof, index, stored.eventCount);
    }

    function verifyStarkProofHash(bytes32 batchId, bytes32 proofHash) external view returns (bool) {
        return hasStarkProof(batchId) && _starkProofs[batchId].proofHash == proofHash;
    }

    function getStarkProofDetails(bytes32 batchId)
        external
        view
        returns (bytes32 proofHash, bytes32 policyHash, bool allCompliant, uint64 timestamp)
    {
        StarkProof storage proof = _starkProofs[batchId];
        return (proof.proofHash, proof.policyHash, proof.allCompliant, proof.timestamp);
    }

    function hasStarkProof(bytes32 batchId) public view returns (bool) {
        return _starkProofs[batchId].proofHash != 0;
    }

    /// @inheritdoc IAnchor
    function isAnchored(bytes32 batchId) public view returns (bool) {
        return _commitments[batchId].anchoredAt != 0;
    }

    function _storeNew(Commitment memory commitment) private {
        if (isAnchored(commitment.batchId)) revert AlreadyAnchored(commitment.batchId);
        _store(commitment);
    }

    function _store(Commitment memory commitment) private {
        if (commitment.sequenceEnd < commitment.sequenceStart) {
            revert InvalidSequenceRange(commitment.batchId);
        }
        if (commitment.eventCount == 0) revert EmptyBatch(commitment.batchId);
        _commitments[commitment.batchId] = Stored({
            tenantId: commitment.tenantId,
            storeId: commitment.storeId,
            eventsRoot: commitment.eventsRoot,
            stateRoot: commitment.stateRoot,
            sequenceStart: commitment.sequenceStart,
            sequenceEnd: commitment.sequenceEnd,
            eventCount: commitment.eventCount,
            anchoredAt: uint64(block.timestamp),
            anchoredBy: msg.sender
        });
        anchoredBatches.push(commitment.batchId);
        bytes32 streamKey = keccak256(abi.encodePacked(commitment.tenantId, commitment.storeId));
        if (commitment.sequenceEnd > latestSequence[streamKey]) {
            latestSequence[streamKey] = commitment.sequenceEnd;
        }
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

    function _anchored(bytes32 batchId) private view returns (Stored storage stored) {
        stored = _commitments[batchId];
        if (stored.anchoredAt == 0) revert NotAnchored(batchId);
    }

    function _isSame(Commitment calldata commitment) private view returns (bool) {
        Stored storage stored = _commitments[commitment.batchId];
        return stored.tenantId == commitment.tenantId && stored.storeId == commitment.storeId
            && stored.eventsRoot == commitment.eventsRoot && stored.stateRoot == commitment.stateRoot
            && stored.sequenceStart == commitment.sequenceStart
            && stored.sequenceEnd == commitment.sequenceEnd && stored.eventCount == commitment.eventCount;
    }
}
