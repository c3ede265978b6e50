// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StateSetAnchor} from "../src/StateSetAnchor.sol";
import {IAnchor} from "../src/interfaces/IAnchor.sol";
import {IPaymentSettlement} from "../src/interfaces/IPaymentSettlement.sol";
import {SettlementTest} from "./support/SettlementTest.sol";

/// @dev What .gas-snapshot records. Only the call that is measured is inside a test; tests/contracts measures the same
/// calls as transactions, with the gas of their data.
contract GasTest is SettlementTest {
    StateSetAnchor internal anchored;
    IPaymentSettlement.PaymentIntent[] internal intents;
    IPaymentSettlement.Authorization[] internal authorizations;
    IAnchor.Commitment[] internal commitments;

    function setUp() public {
        _setUp();
        anchored = new StateSetAnchor(0, ADMIN, address(this));
        for (uint256 n = 0; n < 100; ++n) {
            intents.push(_intent(n, _payer(n), 100));
            authorizations.push(_authorization(n, address(uint160(0x20000 + n)), 100));
        }
        for (uint256 n = 0; n < 3; ++n) {
            commitments.push(
                IAnchor.Commitment(_batch(n), "tenant", "store", ROOT, KEY, uint64(n), uint64(n), 1)
            );
        }
    }

    function test_gas_of_100_intents() public {
        settlement.settleBatch(_batch(1), ROOT, KEY, 1, 100, intents);
    }

    function test_gas_of_100_authorizations() public {
        settlement.settleAuthorizations(_batch(1), ROOT, KEY, 1, 100, authorizations);
    }

    function test_gas_of_one_commitment() public {
        anchored.anchorIfAbsent(commitments[0]);
    }

    function test_gas_of_three_commitments() public {
        anchored.anchorMany(commitments);
    }
}
