from stores.roles import Role
from tests.factories.stores import DeviceFactory, TillFactory


class TestPeople:
    def test_stand_in_the_same_programme(self, olga, mia, carl, otto):
        assert len({each.programme_id for each in (olga, mia, carl, otto)}) == 1

    def test_work_in_different_stores(self, carl, otto, store, other_store):
        assert carl.roles.get().store == store
        assert otto.roles.get().store == other_store
        assert otto.roles.get().role == Role.STORE_MANAGER


class TestThings:
    def test_are_valid(self, store, api_key, db):
        assert DeviceFactory(store=store).plain_key
        assert TillFactory(store=store).store == store
        assert api_key.plain.startswith(api_key.prefix)
