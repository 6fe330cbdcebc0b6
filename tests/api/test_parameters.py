"""A question that was misspelt is not answered as if it were another one."""


def test_a_misspelt_parameter_is_refused_and_the_right_ones_are_named(client):
    for path in ("/api/v1/marketing/batches", "/marketing/batches"):
        answer = client.get(path, params={"datasource": "klaviyo"})
        assert answer.status_code == 422
        problem = answer.json()
        assert (problem["code"], problem["unknown"]) == ("unknown_parameter", ["datasource"])
        assert "data_source" in problem["known"]
        assert "'datasource'" in problem["detail"]
    assert client.get("/api/v1/marketing/batches", params={"data_source": "klaviyo"}).status_code == 200
