"""What a request says and nobody would read is refused: it is not answered as if it were another request."""


def test_a_misspelt_parameter_is_refused_and_the_right_ones_are_named(client):
    for path in ("/api/v1/marketing/batches", "/marketing/batches"):
        answer = client.get(path, params={"datasource": "klaviyo"})
        assert answer.status_code == 422
        problem = answer.json()
        assert (problem["code"], problem["unknown"]) == ("unknown_parameter", ["datasource"])
        assert "data_source" in problem["known"]
        assert "'datasource'" in problem["detail"]
    assert client.get("/api/v1/marketing/batches", params={"data_source": "klaviyo"}).status_code == 200


def test_a_parameter_that_takes_one_value_is_refused_when_it_has_two(client):
    answer = client.get("/api/v1/marketing/batches", params={"data_source": ["klaviyo", "google_ads"]})
    assert answer.status_code == 422
    assert (answer.json()["code"], answer.json()["repeated"]) == ("repeated_parameter", ["data_source"])


def test_a_parameter_that_takes_a_list_may_come_more_than_once(client, app):
    lists = [
        (path, parameter["name"])
        for path, operations in app.openapi()["paths"].items()
        for parameter in operations.get("get", {}).get("parameters", ())
        if parameter["in"] == "query" and '"array"' in str(parameter["schema"]).replace("'", '"')
    ]
    assert lists
    for path, name in lists:
        answer = client.get(path, params={name: ["a", "b"]})
        assert answer.status_code != 422 or answer.json()["code"] != "repeated_parameter"


def test_json_says_in_its_body_what_a_file_says_in_the_address(client):
    entries = {"data_source": "klaviyo", "data_entries": [{"date": "2026-01-01", "spend": 1}]}
    answer = client.post("/api/v1/marketing/ingest", params={"data_source": "google_ads"}, json=entries)
    assert answer.status_code == 422
    assert answer.json()["unread"] == ["data_source"]
