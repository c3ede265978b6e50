// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StateSetAnchor} from "../../src/StateSetAnchor.sol";
import {IAnchor} from "../../src/interfaces/IAnchor.sol";
import {IPaymentSettlement} from "../../src/interfaces/IPaymentSettlement.sol";
import {SettlementTest} from "./SettlementTest.sol";

/// @dev Calls both contracts at random with few ids, so that repeats and conflicts are frequent, and keeps its own books.
contract Accounts is SettlementTest {
    uint256 internal constant PEOPLE = 4;
    uint256 internal constant INTENTS = 24;
    uint256 internal constant BATCHES = 64;

    StateSetAnchor public anchored;
    uint256 public minted;
    uint256 public anchoredCount;
    uint64 public latest;
    mapping(bytes32 => bytes32) public firstRoot;
    mapping(bytes32 => bytes32) public settledFirst;
    mapping(address => int256) public expected;
    mapping(bytes32 => uint256) public batchTotal;
    mapping(bytes32 => uint256) public batchCount;
    uint256 private _nextBatch;
    address[PEOPLE] private _people;

    constructor() {
        _setUp();
        for (uint256 who = 0; who < PEOPLE; ++who) {
            _people[who] = vm.addr(1 + who);
        }
        anchored = new StateSetAnchor(0, ADMIN, address(this));
        _configure(address(token), true, 1, 1000, 1_000_000);
    }

    function mint(uint256 who, uint256 value) external {
        address person = person_(who);
        value = _between(value, 1, 500);
        token.mint(person, value);
        minted += value;
        expected[person] += int256(value);
    }

    function approve(uint256 who, uint256 value) external {
        vm.prank(person_(who));
        token.approve(address(settlement), _between(value, 0, 2000));
    }

    function settleIntents(uint256 batch, uint256[3] calldata seeds) external {
        IPaymentSettlement.PaymentIntent[] memory items = new IPaymentSettlement.PaymentIntent[](3);
        for (uint256 i = 0; i < 3; ++i) {
            items[i] = _randomIntent(seeds[i]);
        }
        bytes32 batchId = _batchFor(batch);
        bool[3] memory before = _before(items[0].intentId, items[1].intentId, items[2].intentId);
        try settlement.settleBatch(batchId, ROOT, KEY, 1, 3, items) {
            for (uint256 i = 0; i < 3; ++i) {
                _book(batchId, before[i], items[i].intentId, items[i].payer, items[i].payee, items[i].amount);
            }
        } catch (bytes memory reason) {
            _onlyConflict(reason);
        }
    }

    function settleAuthorizations(uint256 batch, uint256[3] calldata seeds) external {
        IPaymentSettlement.Authorization[] memory items = new IPaymentSettlement.Authorization[](3);
        for (uint256 i = 0; i < 3; ++i) {
            items[i] = _randomAuthorization(seeds[i]);
        }
        bytes32 batchId = _batchFor(batch);
        bool[3] memory before = _before(items[0].intentId, items[1].intentId, items[2].intentId);
        try settlement.settleAuthorizations(batchId, ROOT, KEY, 1, 3, items) {
            for (uint256 i = 0; i < 3; ++i) {
                _book(batchId, before[i], items[i].intentId, items[i].from, items[i].to, items[i].value);
            }
        } catch (bytes memory reason) {
            _onlyConflict(reason);
        }
    }

    function pass(uint256 time) external {
        vm.warp(block.timestamp + _between(time, 1, 8 hours));
    }

    function anchorMany(uint256[3] calldata seeds) external {
        IAnchor.Commitment[] memory items = new IAnchor.Commitment[](3);
        uint256 fresh = 0;
        for (uint256 i = 0; i < 3; ++i) {
            items[i] = _randomCommitment(seeds[i]);
            if (firstRoot[items[i].batchId] == 0) {
                firstRoot[items[i].batchId] = items[i].eventsRoot;
                if (items[i].sequenceEnd > latest) latest = items[i].sequenceEnd;
                ++fresh;
            }
        }
        anchoredCount += fresh;
        vm.assertEq(anchored.anchorMany(items), fresh);
    }

    function anchorIfAbsent(uint256 seed) external {
        IAnchor.Commitment memory item = _randomCommitment(seed);
        try anchored.anchorIfAbsent(item) returns (bool stored) {
            vm.assertEq(stored, firstRoot[item.batchId] == 0);
            if (stored) {
                firstRoot[item.batchId] = item.eventsRoot;
                if (item.sequenceEnd > latest) latest = item.sequenceEnd;
                ++anchoredCount;
            }
        } catch {
            vm.assertTrue(firstRoot[item.batchId] != 0 && firstRoot[item.batchId] != item.eventsRoot);
        }
    }

    function person_(uint256 who) public view returns (address) {
        return _people[who % PEOPLE];
    }

    function id_(uint256 n) external pure returns (bytes32) {
        return _id(n);
    }

    function books() external view returns (IPaymentSettlement, address) {
        return (settlement, address(token));
    }

    /// @dev Half the calls open a new batch, the others use an id that exists.
    function _batchFor(uint256 seed) private returns (bytes32) {
        if (seed % 2 == 0 || _nextBatch == 0) return _batch(_nextBatch++);
        return _batch(seed % _nextBatch);
    }

    function _book(
        bytes32 batchId,
        bool before,
        bytes32 intentId,
        address payer,
        address payee,
        uint256 amount
    ) private {
        if (before || settledFirst[intentId] != 0 || !settlement.isIntentSettled(intentId)) {
            return;
        }
        settledFirst[intentId] = batchId;
        expected[payer] -= int256(amount);
        expected[payee] += int256(amount);
        batchTotal[batchId] += amount;
        batchCount[batchId] += 1;
    }

    function _before(bytes32 a, bytes32 b, bytes32 c) private view returns (bool[3] memory) {
        return [settlement.isIntentSettled(a), settlement.isIntentSettled(b), settlement.isIntentSettled(c)];
    }

    /// @dev Amount, parties and nonce follow from the id, as they do for intents that were sequenced.
    function _randomIntent(uint256 seed) private view returns (IPaymentSettlement.PaymentIntent memory item) {
        uint256 n = seed % INTENTS;
        item = _intent(n, person_(n), 1 + (n * 37) % 300);
        item.payee = person_(n + 1);
        item.nonce = uint64(n % 20);
    }

    function _randomAuthorization(uint256 seed)
        private
        view
        returns (IPaymentSettlement.Authorization memory item)
    {
        uint256 n = INTENTS / 2 + seed % INTENTS;
        item = _authorization(n, person_(n + 1), 1 + (n * 37) % 300);
        item.from = person_(n);
        item.signature = seed % 5 == 0 ? new bytes(65) : _signed(1 + n % PEOPLE, item);
    }

    function _randomCommitment(uint256 seed) private pure returns (IAnchor.Commitment memory) {
        uint64 start = uint64(seed % 32);
        return IAnchor.Commitment({
            batchId: _batch(seed % 32),
            tenantId: "tenant",
            storeId: "store",
            eventsRoot: seed % 3 == 0 ? bytes32("forged") : bytes32("true"),
            stateRoot: KEY,
            sequenceStart: start,
            sequenceEnd: start + 5,
            eventCount: 6
        });
    }

    function _onlyConflict(bytes memory reason) private pure {
        vm.assertEq(bytes32(reason), bytes32(IPaymentSettlement.BatchAlreadySettled.selector));
    }
}
