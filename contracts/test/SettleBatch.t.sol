// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PaymentSettlement} from "../src/PaymentSettlement.sol";
import {IPaymentSettlement} from "../src/interfaces/IPaymentSettlement.sol";
import {PaymentTree} from "../src/libraries/PaymentTree.sol";
import {TestToken} from "../src/token/TestToken.sol";
import {BadToken} from "./support/BadToken.sol";
import {SettlementTest} from "./support/SettlementTest.sol";
import {SlowTrees} from "./support/SlowTrees.sol";
import {Vm} from "./support/Test.sol";

contract SettleBatchTest is SettlementTest {
    function setUp() public {
        _setUp();
    }

    // --- paying

    function test_a_payment_moves_the_money_and_says_so(uint256 amount) public {
        amount = _between(amount, 10, MAX);
        address payer = _payer(1);
        IPaymentSettlement.PaymentIntent memory one = _intent(1, payer, amount);
        vm.expectEmit(address(settlement));
        emit IPaymentSettlement.PaymentSettled(
            _batch(1), one.intentId, payer, one.payee, amount, address(token)
        );
        vm.expectEmit(address(settlement));
        emit IPaymentSettlement.BatchSubmitted(_batch(1), ROOT, 1, amount, address(token));
        vm.expectEmit(address(settlement));
        emit IPaymentSettlement.BatchSettled(_batch(1), 1, amount, 0);
        _settle(_batch(1), one);
        vm.assertEq(token.balanceOf(one.payee), amount);
        vm.assertEq(token.balanceOf(payer), MAX - amount);
        vm.assertTrue(settlement.isIntentSettled(one.intentId));
        vm.assertTrue(settlement.isNonceUsed(payer, one.nonce));
        vm.assertFalse(settlement.isNonceUsed(payer, one.nonce + 1));
        vm.assertEq(settlement.settledIn(one.intentId), _batch(1));
    }

    function test_a_batch_reads_back_as_it_was_settled() public {
        IPaymentSettlement.PaymentIntent[] memory many = new IPaymentSettlement.PaymentIntent[](3);
        many[0] = _intent(1, _payer(1), 100);
        many[1] = _intent(2, STRANGER, 200);
        many[2] = _intent(3, _payer(3), 300);
        settlement.settleBatch(_batch(1), ROOT, KEY, 7, 9, many);
        (
            bytes32 root,
            bytes32 key,
            uint128 total,
            uint64 start,
            uint64 end,
            address asset,
            uint64 when,
            uint32 count
        ) = settlement.getBatch(_batch(1));
        vm.assertEq(root, ROOT);
        vm.assertEq(key, KEY);
        vm.assertEq(total, 400);
        vm.assertEq(start, 7);
        vm.assertEq(end, 9);
        vm.assertEq(asset, address(token));
        vm.assertEq(when, block.timestamp);
        vm.assertEq(count, 2);
    }

    // --- once

    function test_the_same_call_again_changes_nothing() public {
        IPaymentSettlement.PaymentIntent memory one = _intent(1, _payer(1), 100);
        _settle(_batch(1), one);
        vm.recordLogs();
        _settle(_batch(1), one);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs.length, 1);
        vm.assertEq(logs[0].topics[0], IPaymentSettlement.BatchRepeated.selector);
        vm.assertEq(logs[0].topics[1], _batch(1));
        vm.assertEq(token.balanceOf(one.payee), 100);
    }

    function test_a_batch_id_with_other_content_is_refused() public {
        _settle(_batch(1), _intent(1, _payer(1), 100));
        IPaymentSettlement.PaymentIntent memory other = _intent(2, _payer(2), 100);
        vm.expectRevert(IPaymentSettlement.BatchAlreadySettled.selector);
        _settle(_batch(1), other);
        vm.assertFalse(settlement.isIntentSettled(other.intentId));
    }

    function test_an_intent_is_paid_once_whatever_batches_it_is_in() public {
        IPaymentSettlement.PaymentIntent memory one = _intent(1, _payer(1), 100);
        _settle(_batch(1), one);
        _expectFailed(_batch(2), one.intentId, one.payer, "Already settled");
        _settle(_batch(2), one);
        IPaymentSettlement.PaymentIntent[] memory twice = new IPaymentSettlement.PaymentIntent[](2);
        twice[0] = _intent(2, _payer(2), 100);
        twice[1] = twice[0];
        settlement.settleBatch(_batch(3), ROOT, KEY, 1, 2, twice);
        vm.assertEq(token.balanceOf(one.payee), 100);
        vm.assertEq(token.balanceOf(twice[0].payee), 100);
        vm.assertEq(settlement.settledIn(one.intentId), _batch(1));
    }

    function test_a_nonce_is_used_once_by_a_payer_and_freely_by_others() public {
        IPaymentSettlement.PaymentIntent memory one = _intent(1, _payer(1), 100);
        _settle(_batch(1), one);
        one.intentId = _id(2);
        _expectFailed(_batch(2), one.intentId, one.payer, "Nonce already used");
        _settle(_batch(2), one);
        one.payer = _payer(3);
        _settle(_batch(3), one);
        vm.assertEq(token.balanceOf(one.payee), 200);
    }

    function test_a_payment_that_failed_can_be_made_in_a_later_batch() public {
        IPaymentSettlement.PaymentIntent memory one = _intent(1, STRANGER, 100);
        _settle(_batch(1), one);
        vm.assertFalse(settlement.isIntentSettled(one.intentId));
        vm.assertFalse(settlement.isNonceUsed(STRANGER, one.nonce));
        token.mint(STRANGER, 100);
        vm.prank(STRANGER);
        token.approve(address(settlement), 100);
        _settle(_batch(2), one);
        vm.assertTrue(settlement.isIntentSettled(one.intentId));
    }

    // --- refusals of one payment

    function test_a_payment_is_good_up_to_and_in_its_last_second() public {
        IPaymentSettlement.PaymentIntent memory one = _intent(1, _payer(1), 100);
        one.validUntil = uint64(block.timestamp);
        _settle(_batch(1), one);
        vm.assertTrue(settlement.isIntentSettled(one.intentId));
        IPaymentSettlement.PaymentIntent memory late = _intent(2, _payer(2), 100);
        late.validUntil = uint64(block.timestamp - 1);
        _refused(late, "Payment expired");
    }

    function test_amounts_outside_the_bounds_of_the_asset_are_refused() public {
        _refused(_intent(1, _payer(1), 9), "Amount below minimum");
        _refused(_intent(2, _payer(2), MAX + 1), "Amount above maximum");
        _refused(_intent(3, _payer(3), type(uint256).max), "Amount above maximum");
        _refused(_intent(4, _payer(4), 0), "Amount below minimum");
    }

    function test_a_payer_without_money_or_allowance_is_refused() public {
        IPaymentSettlement.PaymentIntent memory one = _intent(1, STRANGER, 100);
        _refused(one, "Insufficient balance");
        token.mint(STRANGER, 100);
        _refused(one, "Insufficient allowance");
    }

    function test_an_asset_that_is_not_enabled_is_refused() public {
        TestToken other = new TestToken("Other", "OTH", 6, address(this));
        IPaymentSettlement.PaymentIntent memory one = _intent(1, _payer(1), 100);
        one.token = address(other);
        _refused(one, "Asset not enabled");
        one.token = address(0);
        _refused(one, "Asset not enabled");
        _configure(address(token), false, 10, MAX, MAX);
        _refused(_intent(1, _payer(1), 100), "Asset not enabled");
    }

    function test_a_batch_is_of_one_token() public {
        TestToken other = new TestToken("Other", "OTH", 6, address(this));
        _configure(address(other), true, 10, MAX, MAX);
        IPaymentSettlement.PaymentIntent[] memory many = new IPaymentSettlement.PaymentIntent[](2);
        (many[0], many[1]) = (_intent(1, _payer(1), 100), _intent(2, _payer(2), 100));
        many[1].token = address(other);
        _expectFailed(_batch(1), many[1].intentId, many[1].payer, "Token differs from the batch");
        settlement.settleBatch(_batch(1), ROOT, KEY, 1, 2, many);
        vm.assertTrue(settlement.isIntentSettled(many[0].intentId));
    }

    function test_the_daily_limit_holds_and_starts_again_after_a_day() public {
        _configure(address(token), true, 10, MAX, 250);
        _settle(_batch(1), _intent(1, _payer(1), 150));
        _refused(_intent(2, _payer(2), 101), "Daily limit exceeded");
        _settle(_batch(3), _intent(3, _payer(3), 100));
        (,,, uint128 daily, uint128 volume, uint64 began) = settlement.getAssetConfig(address(token));
        vm.assertEq(daily, 250);
        vm.assertEq(volume, 250);
        vm.assertEq(began, START);
        vm.warp(START + 1 days - 1);
        _refused(_intent(4, _payer(4), 10), "Daily limit exceeded");
        vm.warp(START + 1 days);
        IPaymentSettlement.PaymentIntent memory next = _intent(5, _payer(5), 250);
        _settle(_batch(5), next);
        vm.assertTrue(settlement.isIntentSettled(next.intentId));
        (,,,, volume, began) = settlement.getAssetConfig(address(token));
        vm.assertEq(volume, 250);
        vm.assertEq(began, START + 1 days);
    }

    // --- tokens that misbehave

    function test_what_a_token_does_wrong_undoes_that_payment_alone() public {
        BadToken.Fault[10] memory faults = [
            BadToken.Fault.AnswersFalse,
            BadToken.Fault.Reverts,
            BadToken.Fault.TakesAFee,
            BadToken.Fault.MovesNothing,
            BadToken.Fault.BurnsAllGas,
            BadToken.Fault.RevertsWithTooMuch,
            BadToken.Fault.Reenters,
            BadToken.Fault.HidesBalances,
            BadToken.Fault.AnswersTooMuch,
            BadToken.Fault.AnswersNothing
        ];
        BadToken bad = new BadToken();
        _configure(address(bad), true, 10, MAX, MAX);
        for (uint256 i = 0; i < faults.length; ++i) {
            bad.set(faults[i]);
            IPaymentSettlement.PaymentIntent memory one = _intent(i, vm.addr(1000 + i), 100);
            one.token = address(bad);
            bad.mint(one.payer, 100);
            bool harmless = i >= 8;
            if (!harmless) _expectFailed(_batch(i), one.intentId, one.payer, "Transfer failed");
            _settle(_batch(i), one);
            bad.set(BadToken.Fault.None);
            vm.assertEq(settlement.isIntentSettled(one.intentId), harmless);
            vm.assertEq(settlement.isNonceUsed(one.payer, one.nonce), harmless);
            vm.assertEq(bad.balanceOf(one.payer), harmless ? 0 : 100);
            vm.assertEq(bad.balanceOf(one.payee), harmless ? 100 : 0);
        }
        (,,,, uint128 volume,) = settlement.getAssetConfig(address(bad));
        vm.assertEq(volume, 200);
    }

    function test_a_payment_to_oneself_or_to_nobody_fails() public {
        IPaymentSettlement.PaymentIntent memory one = _intent(1, _payer(1), 100);
        one.payee = one.payer;
        _refused(one, "Transfer failed");
        one.payee = address(0);
        _refused(one, "Transfer failed");
    }

    function test_amounts_of_18_decimals_are_as_exact_as_any() public {
        token = new TestToken("Coarse", "DAI", 18, address(this));
        vm.assertEq(token.decimals(), 18);
        _configure(address(token), true, 1, type(uint128).max, type(uint128).max);
        uint256 amount = uint256(uint64(type(int64).max));
        address payer = vm.addr(77);
        token.mint(payer, amount);
        vm.prank(payer);
        token.approve(address(settlement), amount);
        IPaymentSettlement.PaymentIntent memory one = _intent(1, payer, amount);
        _settle(_batch(1), one);
        vm.assertEq(token.balanceOf(one.payee), amount);
    }

    // --- refusals of the whole call

    function test_a_batch_needs_an_id_a_root_and_a_payment() public {
        IPaymentSettlement.PaymentIntent[] memory one = new IPaymentSettlement.PaymentIntent[](1);
        one[0] = _intent(1, _payer(1), 100);
        vm.expectRevert(IPaymentSettlement.InvalidBatchId.selector);
        settlement.settleBatch(0, ROOT, KEY, 1, 1, one);
        vm.expectRevert(IPaymentSettlement.InvalidMerkleRoot.selector);
        settlement.settleBatch(_batch(1), 0, KEY, 1, 1, one);
        vm.expectRevert(IPaymentSettlement.EmptyBatch.selector);
        settlement.settleBatch(_batch(1), ROOT, KEY, 1, 1, new IPaymentSettlement.PaymentIntent[](0));
    }

    function test_too_little_gas_reverts_the_call_instead_of_failing_a_payment() public {
        IPaymentSettlement.PaymentIntent[] memory one = new IPaymentSettlement.PaymentIntent[](1);
        one[0] = _intent(1, _payer(1), 100);
        vm.expectRevert(IPaymentSettlement.InsufficientGas.selector);
        settlement.settleBatch{gas: 540_000}(_batch(1), ROOT, KEY, 1, 1, one);
        settlement.settleBatch{gas: 700_000}(_batch(1), ROOT, KEY, 1, 1, one);
        vm.assertTrue(settlement.isIntentSettled(one[0].intentId));
    }

    function test_only_a_settler_settles_and_only_the_contract_runs_one_payment() public {
        IPaymentSettlement.PaymentIntent memory one = _intent(1, _payer(1), 100);
        bytes memory refusal = _missingRole(STRANGER, settlement.SETTLER_ROLE());
        IPaymentSettlement.PaymentIntent[] memory many = new IPaymentSettlement.PaymentIntent[](1);
        many[0] = one;
        vm.prank(STRANGER);
        vm.expectRevert(refusal);
        settlement.settleBatch(_batch(1), ROOT, KEY, 1, 1, many);
        vm.expectRevert(IPaymentSettlement.OnlySelf.selector);
        settlement.pay(_batch(1), address(token), one);
        vm.assertEq(token.balanceOf(one.payee), 0);
    }

    function test_a_paused_contract_settles_nothing_until_the_owner_resumes() public {
        IPaymentSettlement.PaymentIntent memory one = _intent(1, _payer(1), 100);
        bytes memory noPauser = _missingRole(STRANGER, settlement.PAUSER_ROLE());
        vm.prank(STRANGER);
        vm.expectRevert(noPauser);
        settlement.pause();
        vm.prank(ADMIN);
        settlement.pause();
        vm.expectRevert(abi.encodeWithSignature("EnforcedPause()"));
        _settle(_batch(1), one);
        vm.prank(STRANGER);
        vm.expectRevert(_missingRole(STRANGER, bytes32(0)));
        settlement.unpause();
        vm.prank(ADMIN);
        settlement.unpause();
        _settle(_batch(1), one);
        vm.assertTrue(settlement.isIntentSettled(one.intentId));
    }

    function test_an_asset_is_configured_by_the_owner_with_bounds_that_make_sense() public {
        vm.expectRevert(_missingRole(address(this), bytes32(0)));
        settlement.configureAsset(address(token), true, 1, 1, 1);
        address asset = address(token);
        uint256 over = uint256(type(uint128).max) + 1;
        _badAsset(address(0xC0DE1E55), 1, 1, 1);
        _badAsset(asset, 0, 1, 1);
        _badAsset(asset, 2, 1, 1);
        _badAsset(asset, 1, over, 1);
        _badAsset(asset, 1, 1, over);
        vm.expectEmit(address(settlement));
        emit IPaymentSettlement.AssetConfigured(asset, true, 1, 2, 3);
        _configure(asset, true, 1, 2, 3);
        (bool enabled, uint128 low, uint128 high, uint128 daily,,) = settlement.getAssetConfig(asset);
        vm.assertTrue(enabled);
        vm.assertEq(low, 1);
        vm.assertEq(high, 2);
        vm.assertEq(daily, 3);
    }

    // --- receipts

    function test_a_receipt_proves_itself_and_nothing_else(uint256 size, uint256 index, bytes32 seed) public {
        size = _between(size, 1, 70);
        index = _between(index, 0, size - 1);
        bytes32[] memory leaves = new bytes32[](size);
        for (uint256 i = 0; i < size; ++i) {
            leaves[i] = keccak256(abi.encode(seed, i));
        }
        (bytes32 root, bytes32[] memory proof) = SlowTrees.promotedRootAndProof(leaves, index);
        bytes32 batchId = _settleUnder(root);
        (uint64 leaf, uint64 count) = (uint64(index), uint64(size));
        vm.assertTrue(settlement.verifyInclusion(batchId, leaves[index], proof, leaf, count));
        vm.assertFalse(settlement.verifyInclusion(batchId, ~leaves[index], proof, leaf, count));
        vm.assertFalse(settlement.verifyInclusion(batchId, leaves[index], proof, count, count));
        vm.assertFalse(settlement.verifyInclusion(_batch(999), leaves[index], proof, leaf, count));
        vm.assertFalse(
            settlement.verifyInclusion(batchId, leaves[index], new bytes32[](proof.length + 1), leaf, count)
        );
        for (uint256 i = 0; i < proof.length; ++i) {
            proof[i] = ~proof[i];
            vm.assertFalse(settlement.verifyInclusion(batchId, leaves[index], proof, leaf, count));
            proof[i] = ~proof[i];
        }
        if (proof.length > 0) {
            vm.assertFalse(settlement.verifyInclusion(batchId, leaves[index], new bytes32[](0), leaf, count));
        }
    }

    function test_a_receipt_is_verified_from_its_fields() public {
        PaymentTree.Receipt memory receipt = PaymentTree.Receipt({
            intentId: _id(1),
            sequenceNumber: 12,
            payer: "0xAb",
            payee: "0xcd",
            amount: 100,
            asset: "usdc",
            network: "set_chain",
            chainId: 84_532_001,
            nonce: 7,
            validUntil: 1_800_000_000,
            signingHash: keccak256("signing"),
            payerSignature: bytes.concat(keccak256("r"), keccak256("s"))
        });
        bytes memory preimage = bytes.concat(bytes16(receipt.intentId), bytes8(uint64(12)), "0xAb", "0xcd");
        preimage =
            bytes.concat(preimage, bytes8(uint64(100)), "usdc", "set_chain", bytes8(uint64(84_532_001)));
        preimage = bytes.concat(preimage, bytes8(uint64(7)), bytes8(uint64(1_800_000_000)));
        preimage = bytes.concat(preimage, receipt.signingHash, receipt.payerSignature);
        bytes32 batchId = _settleUnder(sha256(preimage));
        bytes32[] memory none = new bytes32[](0);
        vm.assertTrue(settlement.verifyReceipt(batchId, receipt, none, 0, 1));
        receipt.amount = 101;
        vm.assertFalse(settlement.verifyReceipt(batchId, receipt, none, 0, 1));
        receipt.amount = 100;
        receipt.payerSignature = bytes.concat(receipt.payerSignature, hex"00");
        vm.assertFalse(settlement.verifyReceipt(batchId, receipt, none, 0, 1));
    }

    function test_an_unknown_batch_proves_nothing() public view {
        vm.assertFalse(settlement.verifyInclusion(_batch(1), 0, new bytes32[](0), 0, 1));
        (bytes32 root,,,,,, uint64 when,) = settlement.getBatch(_batch(1));
        vm.assertEq(root, bytes32(0));
        vm.assertEq(when, 0);
    }

    // --- helpers

    function _refused(IPaymentSettlement.PaymentIntent memory one, string memory reason) internal {
        bytes32 batchId = keccak256(abi.encode(one, reason));
        _expectFailed(batchId, one.intentId, one.payer, reason);
        _settle(batchId, one);
        vm.assertFalse(settlement.isIntentSettled(one.intentId));
        vm.assertFalse(settlement.isNonceUsed(one.payer, one.nonce));
    }

    function _badAsset(address asset, uint256 low, uint256 high, uint256 daily) internal {
        vm.prank(ADMIN);
        vm.expectRevert(abi.encodeWithSelector(IPaymentSettlement.InvalidAsset.selector, asset));
        settlement.configureAsset(asset, true, low, high, daily);
    }

    function _settleUnder(bytes32 root) internal returns (bytes32) {
        IPaymentSettlement.PaymentIntent[] memory one = new IPaymentSettlement.PaymentIntent[](1);
        one[0] = _intent(1, _payer(1), 100);
        settlement.settleBatch(_batch(1), root, KEY, 1, 1, one);
        return _batch(1);
    }
}
